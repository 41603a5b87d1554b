package tokens

import (
	"bytes"
	"encoding/base64"
	"image"
	_ "image/gif"  // reads the size of images
	_ "image/jpeg" // as above
	_ "image/png"  // as above

	"github.com/headgate/headgate/extproc/canon"
)

// What is not known of media, as their addresses stand for them, or as they are in a form that is
// not read here.
const (
	unknownWidth, unknownHeight = 1024, 1024

	// A page of a document is some 50 KiB and 2,000 tokens: Anthropic's documentation says 1,500 to
	// 3,000 for the text of a page, beside which it is an image.
	pageBytes, pageTokens = 50 << 10, 2000
	// OpenAI counts a token for a tenth of a second of sound that it hears: that is 4,800 bytes of
	// uncompressed sound, and 1,600 of MP3.
	wavBytes, mp3Bytes = 4800, 1600
)

// image counts an image by its size.
func (s *sum) image(p *canon.Part) int64 {
	if string(p.Detail) == `"low"` && s.frame == &openAI {
		return imageBase
	}
	return s.frame.image(sizeOf(p))
}

// sizeOf returns how many pixels an image is wide and high. No more of it is decoded than its head.
func sizeOf(p *canon.Part) (width, height int) {
	if p.Source != canon.FromBase64 {
		return unknownWidth, unknownHeight
	}
	head, _, err := image.DecodeConfig(base64.NewDecoder(base64.StdEncoding, bytes.NewReader(canon.Plainly(p.Data))))
	if err != nil || head.Width <= 0 || head.Height <= 0 {
		return unknownWidth, unknownHeight
	}
	return head.Width, head.Height
}

const (
	imageBase = 85  // tokens of any image
	imageTile = 170 // tokens of each tile
	tile      = 512 // pixels
	longSide  = 2048
	shortSide = 768
)

// openAIImage is how OpenAI's GPT-4o counts: scaled to fit into 2048 pixels and to a short side of 768,
// in tiles of 512.
func openAIImage(width, height int) int64 {
	w, h := shrink(float64(width), float64(height), longSide)
	if short := min(w, h); short > shortSide {
		w, h = w*shortSide/short, h*shortSide/short
	}
	return imageBase + imageTile*tiles(w)*tiles(h)
}

func tiles(pixels float64) int64 { return int64(pixels+tile-1) / tile }

const (
	claudeSide   = 1568 // pixels of the long side
	claudePixels = 750  // of a token
	claudeMost   = 1600 // tokens
)

// claudeImage is how Claude counts: scaled to a long side of 1568, 750 pixels a token.
func claudeImage(width, height int) int64 {
	w, h := shrink(float64(width), float64(height), claudeSide)
	return min(int64(w*h/claudePixels), claudeMost)
}

// shrink scales a size down until its long side is no longer than that.
func shrink(w, h, side float64) (float64, float64) {
	if long := max(w, h); long > side {
		return w * side / long, h * side / long
	}
	return w, h
}

// document counts a document: its text, or its pages by its length.
func (s *sum) document(p *canon.Part) {
	s.say(p.Name)
	switch p.Source {
	case canon.FromText:
		s.say(p.Text)
	case canon.FromBase64:
		s.fixed += (decoded(p) + pageBytes - 1) / pageBytes * pageTokens
	case canon.FromURL, canon.FromFile, canon.FromOther:
		s.fixed += pageTokens
	}
}

func audio(p *canon.Part) int64 {
	if bytes.Contains(p.Media, []byte("mp3")) || bytes.Contains(p.Media, []byte("mpeg")) {
		return decoded(p) / mp3Bytes
	}
	return decoded(p) / wavBytes
}

// decoded is how many bytes the data of a part are.
func decoded(p *canon.Part) int64 { return int64(base64.StdEncoding.DecodedLen(len(p.Data))) }
