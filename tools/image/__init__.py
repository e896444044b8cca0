"""Images for boards: what is merged, laid out, checked and listed around Buildroot, which builds them."""
