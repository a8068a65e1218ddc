"""Who acts in the market: users, word of mouth, providers and their patch policies."""
