"""Which policies would providers choose if each wanted to earn most? The empirical game."""
