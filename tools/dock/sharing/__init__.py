"""Several sessions of one camera, which fetch its files between them."""
