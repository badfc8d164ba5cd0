"""A hotspot by Paho: PORT LEVEL UP_TOPIC FILTER ...; says what happens, a line each, until it is killed."""

import sys

import paho.mqtt.client as mqtt

port, level, up, filters = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4:]
MESSAGES = 200
published = 0


def say(text):
    print(text, flush=True)


def on_connect(client, *_):
    for number in range(MESSAGES):
        client.publish(up, str(number), qos=1)


def on_publish(client, *_):
    global published
    published += 1
    if published == MESSAGES:
        say(f"published {published}")
        client.subscribe([(each, 1) for each in filters])


def on_message(_client, _userdata, message):
    say(f"received {message.payload.decode()}")


# Paho 2 wants to know which form callbacks have.
form = [mqtt.CallbackAPIVersion.VERSION1] if hasattr(mqtt, "CallbackAPIVersion") else []
client = mqtt.Client(*form, client_id="a", protocol=level)
client.username_pw_set("a", "token")
client.will_set(up, "gone", qos=1)
client.on_connect, client.on_publish, client.on_message = on_connect, on_publish, on_message
client.connect("127.0.0.1", port)
client.loop_forever()
