"""A message as GMime reads it: the parser of notmuch, mu, Balsa and Geary.

From Debian's libgmime-3.0-0, without its introspection data: by ctypes.
"""

import ctypes

ADDRESSES = {'sender': 0, 'from': 1, 'reply-to': 2, 'to': 3, 'cc': 4}
WARNINGS = {
    1: 'duplicated header', 2: 'duplicated parameter', 3: 'unencoded 8-bit header',
    4: 'invalid Content-Type', 5: 'invalid RFC 2047 header', 6: 'malformed multipart',
    7: 'truncated message', 8: 'malformed message', 9: 'invalid header name',
    10: 'conflicting header', 11: 'conflicting parameter',
    12: 'multipart without boundary', 13: 'invalid parameter',
    14: 'invalid address list', 15: 'nesting overflow', 16: 'part without content',
    17: 'part without header or content'}
UNENCODED = 3
WARN = ctypes.CFUNCTYPE(
    None, ctypes.c_int64, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)


class ByteArray(ctypes.Structure):
    """GByteArray"""
    _fields_ = [('data', ctypes.POINTER(ctypes.c_ubyte)), ('len', ctypes.c_uint)]


class Library:
    """The functions that are needed, with their types."""

    pointers = '''
        g_mime_parser_options_new g_mime_parser_new_with_stream
        g_mime_stream_mem_new g_mime_stream_mem_new_with_buffer
        g_mime_parser_construct_message g_mime_message_get_mime_part
        g_mime_message_get_addresses g_mime_object_get_content_type
        g_mime_object_get_header_list g_mime_header_list_get_header_at
        g_mime_multipart_get_part g_mime_message_part_get_message
        g_mime_part_get_content g_mime_stream_mem_get_byte_array
        internet_address_list_get_address internet_address_group_get_members'''
    texts = '''
        g_mime_content_type_get_mime_type g_mime_content_type_get_parameter
        g_mime_object_get_disposition g_mime_object_get_content_id
        g_mime_object_get_content_disposition_parameter
        g_mime_object_get_content_type_parameter
        g_mime_part_get_filename g_mime_header_get_name g_mime_header_get_value
        internet_address_get_name internet_address_mailbox_get_addr'''

    def __init__(self):
        self.library = ctypes.CDLL('libgmime-3.0.so.0')
        self.objects = ctypes.CDLL('libgobject-2.0.so.0')
        for name in self.pointers.split():
            getattr(self.library, name).restype = ctypes.c_void_p
        for name in self.texts.split():
            getattr(self.library, name).restype = ctypes.c_char_p
        self.library.g_mime_init()

    def call(self, name, *arguments):
        """Calls a function; numbers and pointers have the size of a pointer."""
        result = getattr(self.library, name)(*[
            ctypes.c_void_p(argument) if isinstance(argument, int) else argument
            for argument in arguments])
        return result.decode('utf-8', 'replace') if isinstance(result, bytes) else result

    def is_a(self, thing, name):
        """Whether an object is of a class."""
        get_type = getattr(self.library, f'{name}_get_type')
        get_type.restype = ctypes.c_size_t
        return bool(self.objects.g_type_check_instance_is_a(
            ctypes.c_void_p(thing), ctypes.c_size_t(get_type())))


class Reader:
    """Reads one message.  What GMime hands out is freed when the process ends."""

    def __init__(self, data, utf8):
        self.gmime = Library()
        self.call = self.gmime.call
        self.defects, self.parts = [], []
        self.data = data
        self.utf8 = utf8
        warn = WARN(self.warning)
        options = self.call('g_mime_parser_options_new')
        self.call('g_mime_parser_options_set_warning_callback', options, warn, None)
        stream = self.call('g_mime_stream_mem_new_with_buffer', data,
                           ctypes.c_size_t(len(data)))
        parser = self.call('g_mime_parser_new_with_stream', stream)
        message = self.call('g_mime_parser_construct_message', parser, options)
        if not message:
            raise ValueError('GMime finds no message')
        self.header = self.read_header(message)
        self.addresses = {}
        for name, kind in ADDRESSES.items():
            found = self.read_addresses(
                self.call('g_mime_message_get_addresses', message, ctypes.c_int(kind)))
            if found:
                self.addresses[name] = found
        self.read_part(self.call('g_mime_message_get_mime_part', message), '0')

    def warning(self, offset, code, item, _data):
        """What the parser stumbles over; UTF-8 may be just what is wanted."""
        if code == UNENCODED and self.utf8:
            return
        self.defects.append((offset, f'{WARNINGS.get(code, code)}' + (
            f': {item.decode("utf-8", "replace")}' if item else '')))

    def read_header(self, thing):
        """Names and decoded values."""
        fields = self.call('g_mime_object_get_header_list', thing)
        out = []
        for number in range(self.call('g_mime_header_list_get_count', fields)):
            field = self.call('g_mime_header_list_get_header_at', fields,
                              ctypes.c_int(number))
            out.append((self.call('g_mime_header_get_name', field),
                        self.call('g_mime_header_get_value', field)))
        return out

    def read_addresses(self, found):
        """Display names and addresses, those of groups among them."""
        out = []
        for number in range(self.call('internet_address_list_length', found)):
            address = self.call('internet_address_list_get_address', found,
                                ctypes.c_int(number))
            if self.gmime.is_a(address, 'internet_address_group'):
                out += self.read_addresses(
                    self.call('internet_address_group_get_members', address))
            else:
                name = self.call('internet_address_get_name', address) or ''
                out.append([' '.join(name.split()),
                            self.call('internet_address_mailbox_get_addr', address)])
        return out

    def read_part(self, part, path):
        """A part and all in it."""
        kind = self.call('g_mime_object_get_content_type', part)
        charset = self.call('g_mime_content_type_get_parameter', kind, b'charset')
        disposition = self.call('g_mime_object_get_disposition', part)
        found = {
            'path': path,
            'type': self.call('g_mime_content_type_get_mime_type', kind).lower(),
            'charset': charset.lower() if charset else None,
            'disposition': disposition.lower() if disposition else None,
            'filename': None,
            'content_id': self.call('g_mime_object_get_content_id', part),
            'content': None,
        }
        self.parts.append(found)
        if self.gmime.is_a(part, 'g_mime_multipart'):
            for number in range(self.call('g_mime_multipart_get_count', part)):
                self.read_part(self.call('g_mime_multipart_get_part', part,
                                         ctypes.c_int(number)), f'{path}.{number + 1}')
        elif self.gmime.is_a(part, 'g_mime_message_part'):
            found['filename'] = (
                self.call('g_mime_object_get_content_disposition_parameter',
                          part, b'filename') or
                self.call('g_mime_object_get_content_type_parameter', part, b'name'))
            inner = self.call('g_mime_message_part_get_message', part)
            self.read_part(self.call('g_mime_message_get_mime_part', inner), path + '.1')
        else:
            found['filename'] = self.call('g_mime_part_get_filename', part)
            found['content'] = self.content(part)

    def content(self, part):
        """The decoded content."""
        wrapper = self.call('g_mime_part_get_content', part)
        if not wrapper:
            return b''
        stream = self.call('g_mime_stream_mem_new')
        self.call('g_mime_data_wrapper_write_to_stream', wrapper, stream)
        array = ctypes.cast(self.call('g_mime_stream_mem_get_byte_array', stream),
                            ctypes.POINTER(ByteArray)).contents
        return ctypes.string_at(array.data, array.len) if array.len else b''


def read(data, utf8=False):
    """Header, addresses, parts (a flat list), and defects with their offsets."""
    reader = Reader(data, utf8)
    return {'header': reader.header, 'addresses': reader.addresses,
            'parts': reader.parts, 'defects': reader.defects}
