"use strict";
// The page of a running search: asks the server that it came from for what is new, and draws it.
(function () {
  const PAUSE = 2000; // milliseconds; a result in two seconds is soon enough for a reader
  const LONGEST_PAUSE = 15000; // between attempts while the server is away
  let tag = "";
  let pause = PAUSE;
  let timer = 0;
  let isAsking = false;
  let isLost = false;
  let said = ["", ""];

  function say(text, kind) {
    window.skbayes.notice(text, kind);
  }

  // Returns how long drawing took: a large page is drawn less often, so that it can be used.
  function show(state) {
    const began = performance.now();
    let text = state.notice;
    if (state.changed !== null) {
      text += " Last result " + new Date(1000 * state.changed).toLocaleTimeString() + ".";
    }
    said = [text, state.kind];
    try {
      window.skbayes.update(state.payload);
    } catch (error) {
      said = ["The page could not be drawn: " + error + " " + text, "error"];
    }
    return performance.now() - began;
  }

  async function fetchState() {
    const headers = tag ? { "If-None-Match": tag } : {};
    const answer = await fetch("/data.json", { cache: "no-store", headers: headers });
    if (answer.status !== 200 && answer.status !== 304) {
      throw new Error("status " + answer.status);
    }
    const state = answer.status === 200 ? await answer.json() : null;
    tag = answer.headers.get("ETag") || "";
    return state;
  }

  async function ask() {
    if (isAsking) {
      return;
    }
    isAsking = true;
    clearTimeout(timer);
    try {
      const state = await fetchState();
      const took = state === null ? 0 : show(state);
      if (state !== null || isLost) {
        say(said[0], said[1]);
      }
      isLost = false;
      pause = Math.max(PAUSE, 4 * took);
    } catch (error) {
      if (!isLost) {
        const now = new Date().toLocaleTimeString();
        say("The server does not answer since " + now + ": the page shows what was known then.", "error");
      }
      isLost = true;
      pause = Math.min(2 * pause, LONGEST_PAUSE);
    }
    isAsking = false;
    timer = setTimeout(ask, pause);
  }

  // A tab in the background sleeps; back in front it asks at once.
  document.addEventListener("visibilitychange", function () {
    if (!document.hidden) {
      ask();
    }
  });
  ask();
})();
