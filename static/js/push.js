// The button "Page me on this device": asks the browser, then tells the server.
"use strict";

const box = document.querySelector("[data-push]");
const say = (text) => { box.querySelector("[data-push-state]").textContent = text; };
const able = "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;

function bytes(base64url) {
  const text = atob(base64url.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

function device() {
  const platform = (navigator.userAgentData && navigator.userAgentData.platform) || navigator.platform || "";
  const browser = /Firefox|Edg|Chrome|Safari/.exec(navigator.userAgent);
  return `${browser ? browser[0].replace("Edg", "Edge") : "Browser"} ${platform ? `on ${platform}` : ""}`.trim();
}

async function subscribe() {
  if ((await Notification.requestPermission()) !== "granted") return say("This browser does not allow notifications for this site; change that in its settings.");
  const registration = await navigator.serviceWorker.register("/sw.js");
  await navigator.serviceWorker.ready;
  const { key } = await (await fetch(box.dataset.pushKey)).json();
  const subscription = await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(key) });
  const { endpoint, keys } = subscription.toJSON();
  const answer = await fetch(box.dataset.push, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRFToken": box.querySelector("[name=csrfmiddlewaretoken]").value },
    body: JSON.stringify({ endpoint, keys, label: device() }),
  });
  if (answer.ok || answer.status === 409) return location.reload();
  say((await answer.json()).error);
}

if (able) {
  const button = box.querySelector("button");
  button.hidden = false;
  say("Push is free, and quieter than a call.");
  button.addEventListener("click", () => subscribe().catch((error) => say(`It did not work: ${error.message}`)));
} else {
  say("This browser cannot show notifications. On an iPhone, add this site to the home screen first.");
}
