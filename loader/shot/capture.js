// Captures a picture of what the customer chooses to share, without the panel.

/** How long to wait for a picture once there is something to capture. */
const PATIENCE_MS = 5000;
const PAINTED_MS = 200;

/**
 * @param {HTMLDialogElement} dialog the panel @returns {Promise<ImageBitmap | null>} null if the customer declined
 */
export const grab = async (dialog) => {
  /** @type {MediaStream | undefined} */
  let stream;
  // Before the customer is asked, so that not even the first frame shows the panel; transparent and not hidden, so
  // that the focus stays.
  dialog.classList.add("unseen");
  try {
    // In the same task as the press: Safari asks nobody later.
    [stream] = await Promise.all([navigator.mediaDevices.getDisplayMedia(wishes()), painted()]);
    return await frame(stream);
  } catch (error) {
    const { name } = /** @type {any} */ (error) ?? {};
    if (name == "NotAllowedError") return null;
    // The browser wants to be asked in answer to a press, and this one was too long ago.
    throw /^Invalid(Access|State)Error$/.test(name) ? "again" : "refused";
  } finally {
    stream?.getTracks().forEach((track) => track.stop());
    dialog.classList.remove("unseen");
  }
};

/** Prefers this tab, and keeps the customer here, whatever they share. */
const wishes = () => {
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

/** Waits until the change is on the screen; where nothing is painted, it need not be. */
const painted = () =>
  new Promise((done) => {
    requestAnimationFrame(() => requestAnimationFrame(done));
    setTimeout(done, PAINTED_MS);
  });

/** @param {MediaStream} stream */
const frame = async (stream) => {
  const video = document.createElement("video");
  Object.assign(video, { muted: true, playsInline: true, srcObject: stream });
  const given = new Promise((_, fail) => {
    stream.getTracks().forEach((track) => (track.onended = fail));
    setTimeout(fail, PATIENCE_MS);
  });
  await Promise.race([video.play(), given]);
  return createImageBitmap(video);
};
