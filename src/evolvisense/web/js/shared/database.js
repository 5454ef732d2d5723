// The browser's own database, one table of recordings.

const NAME = "evolvisense";
const TABLE = "recordings";

/** @type {Promise<IDBDatabase> | null} */
let opened = null;

/** @returns {Promise<IDBDatabase>} Rejects where the browser has none, as in some private windows. */
function open() {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(TABLE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return opened;
}

/**
 * One transaction. Rejects with a DOMException, QuotaExceededError where there is no room.
 * @param {IDBTransactionMode} mode
 * @param {(table: IDBObjectStore) => IDBRequest} work
 * @returns {Promise<any>} the result of the request
 */
export async function transact(mode, work) {
  const transaction = (await open()).transaction(TABLE, mode);
  const request = work(transaction.objectStore(TABLE));
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(request.result);
    transaction.onabort = () => reject(transaction.error ?? request.error);
    transaction.onerror = () => reject(transaction.error ?? request.error);
  });
}
