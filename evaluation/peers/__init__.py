"""Networks of other projects to compare with, run as their authors run them."""
