"""A bot that polls Telegram, with nothing but the standard library.

TELEGRAM_TOKEN=… RUN="python examples/bot.py"
"""

import json
import os
import time
import urllib.error
import urllib.request

API = os.environ.get("TELEGRAM_API", "https://api.telegram.org")
BOT = f"{API}/bot{os.environ['TELEGRAM_TOKEN']}"


def call(method, **parameters):
    request = urllib.request.Request(f"{BOT}/{method}", json.dumps(parameters).encode())
    request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)["result"]


offset = 0
print("polling")
while True:
    try:
        for update in call("getUpdates", offset=offset, timeout=30):
            offset = update["update_id"] + 1
            message = update["message"]
            call("sendMessage", chat_id=message["chat"]["id"], text=f"You said {message['text']}")
            print("answered", message["text"])
    except urllib.error.URLError as error:
        print("no answer:", error)
        time.sleep(3)
