"""Several processes that train as one: ranks, and the exchange of rows between them."""
