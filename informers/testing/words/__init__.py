"""How the server says no: its sentences, reasons and details, and the Status bodies round them."""
