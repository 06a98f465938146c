// The texts of the plain form, in the order of `texts::plain`.

export const LEAD = 0;
export const NAME = 1;
export const EMAIL = 2;
export const NEED_MESSAGE = 3;
export const NEED_NAME = 4;
export const NEED_EMAIL = 5;
export const SEND = 6;
export const SENDING = 7;
export const OFFLINE = 8;
export const UNKNOWN = 9;
export const REFUSED = 10;
export const AGAIN = 11;
export const COPY = 12;
export const COPIED = 13;
export const RECEIVED = 14;
export const REFERENCE = 15;
export const READ_EVERY = 16;
export const DONE = 17;
export const INVALID = 18;
