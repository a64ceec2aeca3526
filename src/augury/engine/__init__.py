"""Workers: starts them, gives them predictions, and takes what they say to the services."""
