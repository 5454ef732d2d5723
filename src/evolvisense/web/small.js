// The picture in a corner, for a moment that was chosen while the player is out of sight.

const $ = (id) => document.getElementById(id);

let isInSight = true;

new IntersectionObserver(([entry]) => {
  isInSight = entry.isIntersecting;
  if (isInSight) hideSmall();
}).observe($("player"));

$("small-close").addEventListener("click", hideSmall);

/** Show the picture in the corner where the player cannot be seen. */
export function showSmall() {
  const hasPicture = !$("screen").hidden && !$("screen").classList.contains("sound-only");
  if (isInSight || !hasPicture) return;
  $("player").style.minHeight = `${$("player").offsetHeight}px`;
  $("screen").classList.add("small-screen");
  $("video").controls = false;
}

export function hideSmall() {
  $("screen").classList.remove("small-screen");
  $("player").style.minHeight = "";
  $("video").controls = true;
}
