// The API and the live feed. A feed is a place in the log: it comes back after every loss and goes on from there.

const SLOWEST = 10_000;

export async function api(path, options = {}) {
  const answer = await fetch(`/api/v1${path}`, options);
  if (answer.status === 401) {
    location.assign("/login");
    throw new Error("401");
  }
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.detail || answer.statusText);
  return body;
}

export function post(path, body) {
  return api(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
}

// Follow a run from `after` on; `take(envelopes)` gets each event once and in order. Returns a function that ends it.
export function follow(run, after, take, link) {
  let place = after;
  let delay = 500;
  let socket = null;
  let timer = null;
  let over = false;

  function open() {
    link("connecting");
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    socket = new WebSocket(`${scheme}://${location.host}/api/v1/runs/${encodeURIComponent(run)}/feed?after=${place}`);
    socket.onopen = () => {
      delay = 500;
      link("live");
    };
    socket.onmessage = (message) => {
      const fresh = JSON.parse(message.data).filter((one) => one.seq > place);
      if (fresh.length && fresh[0].seq !== place + 1) {
        socket.close();  // a gap can not be: ask again from where we stand
        return;
      }
      if (fresh.length) {
        place = fresh[fresh.length - 1].seq;
        take(fresh);
      }
    };
    socket.onclose = () => {
      if (over) return;
      link("lost");
      timer = setTimeout(reopen, delay * (0.7 + Math.random() * 0.6));
      delay = Math.min(delay * 2, SLOWEST);
    };
  }

  async function reopen() {
    // A socket that is refused does not say why; the API does, and sends a person without a session to log in.
    try {
      const { last } = await api(`/runs/${encodeURIComponent(run)}/events?after=${place}&limit=1`);
      if (last < place) location.reload();
    } catch {
      // the next try says more
    }
    if (!over) open();
  }

  open();
  return () => {
    over = true;
    clearTimeout(timer);
    socket.close();
  };
}
