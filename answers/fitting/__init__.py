"""What an operator's records tell about the unknowns of its market."""
