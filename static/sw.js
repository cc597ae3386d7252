// Shows pages while the site is closed. Everything it knows comes with the message.
"use strict";

self.addEventListener("push", (event) => {
  let page = {};
  try { page = event.data.json(); } catch { page = { title: "An alert needs you", url: "/" }; }
  const options = {
    body: page.body || "",
    tag: page.tag || undefined,
    renotify: Boolean(page.tag),
    requireInteraction: !page.test,
    data: { url: page.ack_url || page.url || "/" },
  };
  event.waitUntil(self.registration.showNotification(page.title || "AlertOps", options));
});

// A press opens the page with one button; nothing is acknowledged by opening it.
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const url = new URL(event.notification.data.url, self.location.origin);
  if (url.origin !== self.location.origin) return;
  event.waitUntil((async () => {
    for (const tab of await self.clients.matchAll({ type: "window" })) {
      if (tab.url === url.href) return tab.focus();
    }
    return self.clients.openWindow(url.href);
  })());
});
