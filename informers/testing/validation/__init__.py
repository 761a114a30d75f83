"""What is wrong with an object of a built-in kind, found and worded as the server does."""
