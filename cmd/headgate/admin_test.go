package main

import "testing"

func TestTheAddressOfTheAdminAPI(t *testing.T) {
	for text, want := range map[string]string{
		"127.0.0.1:8081": "127.0.0.1:8081", "http://127.0.0.1:8081": "127.0.0.1:8081", "http://127.0.0.1:8081/": "127.0.0.1:8081",
		"http://127.0.0.1:8081/api": "", "https://127.0.0.1:8081": "",
	} {
		got, err := adminAddress(text)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%s: %q, %v", text, got, err)
		}
	}
}
