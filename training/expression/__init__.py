"""Training of the seven-emotion expression network that ships inside the package."""
