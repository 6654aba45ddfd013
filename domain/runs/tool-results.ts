/** What the model is told of a call that the person did not allow. */
export const DECLINED_BY_PERSON = 'The person declined this.';
export const DECLINED_BY_MESSAGE = 'The person went on without confirming.';
export const DECLINED_BY_TIME = 'The person did not confirm in time.';
export const DECLINED_BY_STOP = 'The person stopped the reply.';

/** And of one that its run left undone, however it ended: a provider refuses a conversation with a call without a result. */
export const UNDONE_AT_END = 'This was not done: the reply ended before.';
