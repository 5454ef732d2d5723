// Files that the browser saves.

/** A saved file is read within this time, milliseconds. */
const KEEP_MS = 60_000;

/**
 * @param {string} address of a blob or of data
 * @param {string} name
 */
export function saveAddress(address, name) {
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
}

/**
 * @param {Blob} blob
 * @param {string} name
 */
export function saveBlob(blob, name) {
  const address = URL.createObjectURL(blob);
  saveAddress(address, name);
  setTimeout(() => URL.revokeObjectURL(address), KEEP_MS);
}
