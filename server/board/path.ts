/** Where the board is (product.md). */
export const BOARD_PATH = '/admin/queues';
