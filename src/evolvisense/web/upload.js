// One upload. XMLHttpRequest, because fetch does not tell how much has been sent.

const TITLES = {
  400: "This file cannot be read",
  408: "The upload stopped",
  413: "This video is too large",
  422: "That does not fit",
  401: "This server wants a key",
  403: "This server is not open to you",
  429: "The server is busy",
  503: "The server is not ready",
  507: "The disk of the server is full",
};

/** Send a file; the returned request can be aborted, and then calls nothing back. */
export function send(file, fields, { progress, uploaded, done, failed }) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append("file", file);

  const request = new XMLHttpRequest();
  request.open("POST", "/analyze-video/");
  request.responseType = "json";
  request.upload.addEventListener("progress", (event) => {
    if (event.lengthComputable) progress(event.loaded / event.total);
  });
  request.upload.addEventListener("load", uploaded);
  request.addEventListener("load", () => {
    const answer = request.response;
    if (request.status === 200 && answer) {
      done(answer);
      return;
    }
    const wait = request.getResponseHeader("Retry-After");
    failed({
      title: TITLES[request.status] ?? "Something went wrong",
      text: sentence(answer?.error ?? `The server answered ${request.status}.`)
        + (wait ? ` Worth another try in ${wait} s.` : ""),
      code: answer?.code,
      requestId: answer?.request_id,
    });
  });
  request.addEventListener("error", () => failed({
    title: "No connection",
    text: "The server could not be reached, or it ended the upload. Is it running?",
  }));
  request.send(form);
  return request;
}

function sentence(text) {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
