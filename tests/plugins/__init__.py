"""What watches over every test."""
