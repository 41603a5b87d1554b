"""A detector in two forms, as small as it can be: a webhook (POST /check) that flags texts in
capitals, and an analyzer with the API of Presidio (POST /analyze) that knows two persons. It keeps
nothing and logs nothing."""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PERSONS = ["Ada Lovelace", "Grace Hopper"]


def check(body):
    loud = any(t["text"].isupper() for t in body["texts"])
    return {"flagged": loud, "types": ["shouting"] if loud else [], "message": "Please do not shout."}


def analyze(body):
    texts = body["text"] if isinstance(body["text"], list) else [body["text"]]
    found = []
    for text in texts:
        spans = []
        for person in PERSONS:
            start = text.find(person)
            if start >= 0:
                spans.append({"entity_type": "PERSON", "start": start, "end": start + len(person), "score": 0.85})
        found.append(spans)
    return found if isinstance(body["text"], list) else found[0]


class Detector(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        answer = json.dumps({"/check": check, "/analyze": analyze}[self.path](body)).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 5002), Detector).serve_forever()
