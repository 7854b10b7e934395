"""The shared core: ink, text, images and the files that hold them. It knows no model and prints nothing."""
