"""Two copies of one small web app that keep each other's work going."""
