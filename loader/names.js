// Names that more than one script knows.

/** The events, as in `deskbell.d.ts`. */
export const EVENTS =
  "ready,error,open,close,search,question-shown,question-opened,unread,reply,deflected,sent,queued,failed".split(",");

// The texts of the loader, in the order of `texts::LOADER`.
export const HELP = 0;
export const CLOSE = 1;
export const BOX_LABEL = 2;
export const FAILED = 3;
