package price

// Catalogue finds prices by provider, model and date.
type Catalogue struct{}
