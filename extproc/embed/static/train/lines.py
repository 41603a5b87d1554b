"""Lines on which the tokenizer in Go and the reference must agree, and what the reference makes of them.

python lines.py > ../testdata/lines.jsonl
"""

import json
import random
import zlib

import teacher

LINES = 1200

QUESTIONS = """How do I reset my password?
What is the difference between a mutex and a semaphore?
Why was my card charged $49.99 twice on 03/11/2025?
Can I return shoes within 30 days without a receipt?
Is it safe to run `rm -rf ./build` while the server is up?
Please summarise the quarterly report (Q3) in three bullet points.
Wie ändere ich die Größe eines Bildes, ohne es zu verzerren?
¿Cómo puedo cancelar mi suscripción antes del próximo mes?
Où est-ce que je peux télécharger la facture de février ?
Como faço para atualizar o endereço de cobrança?
Jak mogę zmienić hasło do swojego konta?
Çalışma saatleriniz nelerdir, İstanbul'da mı Iğdır'da mı?
Làm thế nào để đổi mật khẩu của tôi?
Πώς μπορώ να αλλάξω τον κωδικό μου; ΟΔΟΣ ΣΟΦΟΣ
Как изменить пароль? Ёлка и йод
איך אני מאפס את הסיסמה שלי?
كيف يمكنني إعادة تعيين كلمة المرور؟ مُحَمَّد
मैं अपना पासवर्ड कैसे बदलूँ?
ฉันจะเปลี่ยนรหัสผ่านได้อย่างไร
パスワードを変更するにはどうすればいいですか。ガギグゲゴ ﾊﾟｽ
비밀번호를 어떻게 변경하나요? 값 닭
我怎么修改密码？退货政策是什么，三十天还是九十天？
𠀀𪜀 豈 㐀 ideographs beside latin漢字letters
kubectl get pods -n kube-system --field-selector=status.phase!=Running
SELECT name, COUNT(*) FROM users WHERE id >= 42 GROUP BY 1;
def f(x): return {k: v**2 for k, v in x.items() if v != 0}
https://example.com/a/b?c=d&e=%20f#g or mail someone@example.com
v1.26.8-rc.2+build.7, 0x1F, 3.14e-10, 1,000,000 and 50%
Don't, can't, won't, it's, we've; "quoted" ‘single’ “double” «guillemets»
naïve café résumé Ångström façade São Tomé Zürich Łódź Øresund Æsir ß ẞ
antidisestablishmentarianism pneumonoultramicroscopicsilicovolcanoconiosis
[CLS] and [SEP] and [MASK] and [unused1] are words, ##ing too
I ❤️ this 😀👍🏽 family 👨‍👩‍👧‍👦 flag 🇩🇪 keycap 1️⃣
€5, £6, ¥7, ₹8, ±9, ×10, ÷2, ½, ¼, ², ³, °C, µm, Ω, ™, ®, ©
line one\nline two\r\n\tindented\x0bvertical\x0cform feed
a\u00a0b\u2003c\u2028d\u2029e\u3000f\u1680g\u202fh\u205fi\u2000j
zero\u200bwidth\u200cjoin\u200der \ufeffmark so\u00adft a\u2060b
nul\x00del\x7fnel\x85esc\x1b[0m bad\ufffdbyte private\ue000use
e\u0301 a\u0308\u0323 n\u0303 o\u0338 \u0301alone q\u0307\u0323
\ufb01ne \uff21\uff22\uff23 \u2460 \u1e9b\u0323 \u212b \u2126 \u01c4 \u0130 \u0149
\u0390 \u1f82 \u1fee \u037e \u1fef \u0958 \u0f43 \u2adc \uac01 \ud7a3
""".splitlines()

ODD = ["", " ", "\t", "\u00a0", "\u200b", "!", "…", "—", "'", "😀", "漢", "\u0301", "ǅ", "İ", "ſ", "K", "١", "𝒳", "\x00", "·", "_", "x" * 100, "y" * 101]


def unescaped(line):
    """A line in which \\n and the like stand for what they mean."""
    for short, letter in (("\\n", "\n"), ("\\r", "\r"), ("\\t", "\t")):
        line = line.replace(short, letter)
    parts = line.replace("\\x", "\\u00").split("\\u")
    return parts[0] + "".join(chr(int(p[:4], 16)) + p[4:] for p in parts[1:])


def shuffled(rng, words):
    """A line of words of several lines, with odd letters between and within them."""
    line = []
    for word in rng.sample(words, rng.randint(1, 9)):
        if rng.random() < 0.2:
            at = rng.randint(0, len(word))
            word = word[:at] + rng.choice(ODD) + word[at:]
        line.append({0: word.upper(), 1: word.title()}.get(rng.randint(0, 9), word))
    return rng.choice([" ", " ", " ", "  ", "\u3000", "-"]).join(line)


def lines():
    questions = [unescaped(q) for q in QUESTIONS]
    words = sorted({w for q in questions for w in q.split(" ")})
    rng = random.Random(1)
    return ["", " ", "\n", "?"] + questions + [shuffled(rng, words) for _ in range(LINES)]


def checksum(ids):
    return f"{zlib.crc32(' '.join(map(str, ids)).encode()):08x}"


def main():
    reference = teacher.tokenizer()
    reference.no_truncation()
    reference.encode_special_tokens = True  # [MASK] in a text is a word like others
    for line in lines():
        ids = [i for i in reference.encode(line).ids[1:-1] if i != teacher.UNKNOWN]
        print(json.dumps({"text": line, "pieces": checksum(ids)}))


if __name__ == "__main__":
    main()
