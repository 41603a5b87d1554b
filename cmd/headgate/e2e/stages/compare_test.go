package stages

import "regexp"

// varying is what differs between two answers to one question.
var varying = regexp.MustCompile(`(chatcmpl-|msg_|call_|toolu_|req_|fp_)[A-Za-z0-9_-]+|"created":[0-9]+|x-headgate-exchange-id=[0-9A-Z]+|"(exchange_id|request_id)":"[^"]*"`)

// anonymous leaves out of an answer what differs each time.
func anonymous(body string) string { return varying.ReplaceAllString(body, "…") }
