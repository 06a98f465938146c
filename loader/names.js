// Names that more than one script knows.

/** The events, as in `deskbell.d.ts`. */
export const EVENTS =
  "ready,error,open,close,search,question-shown,question-opened,unread,reply,deflected,sent,queued,failed".split(",");
