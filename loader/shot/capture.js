// Captures a picture of what the customer shares, without the panel.

/** How long to wait for a picture once there is something to capture. */
const PATIENCE_MS = 5000;
const PAINT_MS = 200;

/**
 * @param {HTMLDialogElement} dialog the panel @returns {Promise<ImageBitmap | null>} null if the customer declined
 */
export const grab = async (dialog) => {
  /** @type {MediaStream | undefined} */
  let stream;
  // Before the customer is asked, so that not even the first frame shows the panel; transparent and not hidden, so
  // that the focus stays.
  dialog.classList.add("unseen");
  // The browser captures what it paints, and a page at rest is not painted. The change is too slight for any pixel.
  const painting = dialog.animate({ opacity: [0, 0.001] }, { duration: PAINT_MS, iterations: Infinity });
  try {
    // In the same task as the press, because Safari rejects later calls.
    [stream] = await Promise.all([navigator.mediaDevices.getDisplayMedia(captureOptions()), waitForPaint()]);
    return await firstFrame(stream);
  } catch (error) {
    const { name } = /** @type {any} */ (error) ?? {};
    if (name == "NotAllowedError") return null;
    // The browser requires a press, and this one was too long ago.
    throw /^Invalid(Access|State)Error$/.test(name) ? "again" : "refused";
  } finally {
    stream?.getTracks().forEach((track) => track.stop());
    painting.cancel();
    dialog.classList.remove("unseen");
  }
};

/** Options that prefer this tab, and that keep the customer in it whatever they share. */
const captureOptions = () => {
  const Controller = /** @type {any} */ (window)["CaptureController"];
  const controller = Controller && new Controller();
  controller?.setFocusBehavior?.("no-focus-change");
  return {
    video: true,
    preferCurrentTab: true,
    selfBrowserSurface: "include",
    ...(controller && { controller }),
  };
};

/** Waits until the change is painted, or for a short time if nothing is. */
const waitForPaint = () =>
  new Promise((done) => {
    requestAnimationFrame(() => requestAnimationFrame(done));
    setTimeout(done, PAINT_MS);
  });

/** @param {MediaStream} stream */
const firstFrame = async (stream) => {
  const video = document.createElement("video");
  Object.assign(video, { muted: true, playsInline: true, srcObject: stream });
  const failure = new Promise((_, reject) => {
    stream.getTracks().forEach((track) => (track.onended = reject));
    setTimeout(reject, PATIENCE_MS);
  });
  await Promise.race([video.play(), failure]);
  return createImageBitmap(video);
};
