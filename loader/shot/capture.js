// Takes a picture of what the person chooses to share, without the panel on it.

/** How long a picture is waited for once there is something to take it of. */
const PATIENCE_MS = 5000;
const PAINTED_MS = 200;

/** @param {HTMLDialogElement} dialog the panel @returns {Promise<ImageBitmap | null>} null where the person said no */
export const grab = async (dialog) => {
  /** @type {MediaStream | undefined} */
  let stream;
  // Before anybody is asked, so that not even the first frame shows it; transparent and not gone, so that the focus stays.
  dialog.classList.add("unseen");
  try {
    await painted();
    stream = await navigator.mediaDevices.getDisplayMedia(wishes());
    return await frame(stream);
  } catch (error) {
    if (/** @type {any} */ (error)?.name == "NotAllowedError") return null;
    throw "refused";
  } finally {
    stream?.getTracks().forEach((track) => track.stop());
    dialog.classList.remove("unseen");
  }
};

/** This tab first; and the person stays here, whatever they share. */
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

/** What has changed is on the screen; where nothing is painted, it need not be. */
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
