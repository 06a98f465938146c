import { crc32, deflateSync } from "node:zlib";

/** A PNG of one colour. @param {number[]} colour red, green and blue @returns {Buffer} */
export const picture = (width = 64, height = 64, colour = [20, 120, 200]) => {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const line = [0, ...Array.from({ length: width }, () => colour).flat()];
  const lines = Buffer.from(Array.from({ length: height }, () => line).flat());
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(lines)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
};

/** @param {string} type @param {Buffer} data */
const chunk = (type, data) => {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
};

/** A JPEG with all its markers, nearly no picture, and a GPS location. */
export const gps = () =>
  Buffer.concat([
    Buffer.from("ffd8", "hex"),
    segment(0xe1, Buffer.from("Exif\0\0II*\0\x08\0\0\0\0\0GPS-LATITUDE 48.2082 N", "latin1")),
    segment(0xdb, Buffer.from([0, ...Array.from({ length: 64 }, () => 1)])),
    segment(0xc0, Buffer.from([8, 0, 1, 0, 1, 1, 1, 0x11, 0])),
    segment(0xc4, Buffer.from([0, 1, ...Array.from({ length: 15 }, () => 0), 0])),
    segment(0xda, Buffer.from([1, 1, 0, 0, 63, 0])),
    Buffer.from("3fffd9", "hex"),
  ]);

/** @param {number} marker @param {Buffer} data */
const segment = (marker, data) => {
  const head = Buffer.from([0xff, marker, 0, 0]);
  head.writeUInt16BE(data.length + 2, 2);
  return Buffer.concat([head, data]);
};
