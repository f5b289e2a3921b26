"""What a shop may want otherwise than the next one."""

CURRENCY = "EUR"
SHIPPING_CENTS = 490
FREE_FROM_CENTS = 5000
