"""What objects must look like: schemas compiled and walked, values checked, unknown fields found."""
