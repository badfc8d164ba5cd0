"""A real broker that asks over HTTP whom to let in and what it may do: amqtt (PyPI), MQTT 3.1.1 only.

Usage: amqtt-broker.py PORT GATEWAY_HTTP_PORT json|form status|json
"""

import asyncio
import sys

from amqtt.broker import Broker
from amqtt.contrib.http import ParamsMode, RequestMethod, ResponseMode
PORT, GATEWAY = int(sys.argv[1]), int(sys.argv[2])
ASK = {"host": "127.0.0.1", "port": GATEWAY, "request_method": RequestMethod.POST, "params_mode": ParamsMode(sys.argv[3]), "response_mode": ResponseMode(sys.argv[4])}
CONFIG = {
    "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{PORT}"}},
    "plugins": {
        "amqtt.contrib.http.UserAuthHttpPlugin": {**ASK, "user_uri": "/mqtt/auth"},
        "amqtt.contrib.http.TopicAuthHttpPlugin": {**ASK, "topic_uri": "/mqtt/acl"},
    },
}
async def main():
    broker = Broker(CONFIG)
    await broker.start()
    print("listening", flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
