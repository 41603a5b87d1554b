package main

import (
	"os"
	"testing"
)

// TestThePageHasTheTable holds that the page's table is the one that the code gives.
func TestThePageHasTheTable(t *testing.T) {
	page, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	want, err := insert(string(page))
	if err != nil {
		t.Fatal(err)
	}
	if want != string(page) {
		t.Error("the table of outcomes is not that of exchange.Outcomes: run make generate")
	}
}
