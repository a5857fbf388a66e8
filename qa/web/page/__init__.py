"""The chat page: its layout, the conversation, the library, the article view, the admin dialog."""
