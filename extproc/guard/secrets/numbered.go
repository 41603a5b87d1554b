package secrets

// numbered looks for the tokens of bots, in words that have a digit.
func (p *pass) numbered(i, j int) {
	switch n := j - i; {
	case n >= 8 && n <= 10:
		p.telegram(i, j)
	case n >= 24 && n <= 28 && p.Text[i] >= 'M' && p.Text[i] <= 'O':
		p.discord(i, j)
	}
}

func (p *pass) telegram(i, j int) {
	for _, c := range p.Text[i:j] {
		if !is(c, digit) {
			return
		}
	}
	if p.At(j) != ':' || p.At(j+1) != 'A' {
		return
	}
	if end := p.wordFrom(j+1, 36); end == j+36 && random(p.Text[j+1:end]) {
		p.Offer(end, telegram, sure)
	}
}

// discord looks for three parts with dots between, of which the first is an id in base 64: digits,
// so that it begins with M, N or O.
func (p *pass) discord(i, j int) {
	if p.At(j) != '.' {
		return
	}
	k := p.wordFrom(j+1, 7)
	if k != j+7 || p.At(k) != '.' {
		return
	}
	end := p.wordFrom(k+1, 39)
	if n := end - k - 1; n >= 27 && n <= 38 && random(p.Text[k+1:end]) {
		p.Offer(end, discord, sure)
	}
}

// wordFrom returns where the word ends that begins at i, or i and most, if it is longer.
func (p *pass) wordFrom(i, most int) int {
	end := i
	for end-i < most && is(p.At(end), inWord) {
		end++
	}
	return end
}
