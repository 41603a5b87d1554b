// Package phrase finds words and phrases in text as people read them: whatever the case, and
// whatever blanks and punctuation stand between the words.
//
// The promise: the time that a search takes grows with the text, not with the list. The trap: a
// word is a run of letters, digits and marks, so "don't" is two words, and in scripts that put no
// blanks between words each character is one.
package phrase
