package drill

import (
	"fmt"
	"strings"
)

// textWords is how many words, which are as many tokens, an answer has.
const textWords = 60

// textOf is the whole answer of a link: its words are numbered and begin with the link's
// letter, so that what is missing, doubled or mixed shows.
func textOf(link int) string {
	words := make([]string, textWords)
	for i := range words {
		words[i] = fmt.Sprintf("%c%02d", 'a'+link, i+1)
	}
	return strings.Join(words, " ")
}

// writer returns the link whose whole text this is; -1: of none.
func writer(text string, links int) int {
	for link := range links {
		if text == textOf(link) {
			return link
		}
	}
	return -1
}
