/** Fixed, so that a second seed finds what the first one made. The rest of the demo's rows has ids as usual. */
export const BUSINESS_ID = '019a7000-0000-7000-8000-0000000000b1';
export const SALES_CONNECTION_ID = '019a7000-0000-7000-8000-0000000000c1';
export const HEALTH_CONNECTION_ID = '019a7000-0000-7000-8000-0000000000c2';
