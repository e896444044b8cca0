"""Who vouches for the time: a time-stamping authority, over what is stored and over a camera's nonce."""
