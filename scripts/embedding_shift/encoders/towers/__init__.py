"""Image towers: how they are loaded, which parts they have, and what is captured inside them."""
