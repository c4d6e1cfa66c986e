"""What must hold for any bytes whatever at the Python surface: the targets, and what drives them."""
